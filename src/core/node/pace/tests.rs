use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;

const STEPS: Steps = Steps { soon: Duration::from_millis(5), sure: Duration::from_millis(20) };

fn millis(number: u32) -> Duration {
    Duration::from_millis(number.into())
}

fn pace() -> Arc<Pace> {
    Arc::new(Pace::new(STEPS))
}

#[derive(Clone, Copy)]
enum Next {
    Turn,
    Look,
    Repeat,
}

/// Sends the answers that are ready at these times, to clients that have all asked; gives for each answer when it goes
/// out, once or twice.
fn answer(pace: &Arc<Pace>, start: Instant, ready: &[Duration]) -> Vec<Vec<Duration>> {
    let mut askers: Vec<Asker> = ready.iter().map(|_| pace.asked()).collect();
    let mut sent = vec![Vec::new(); ready.len()];
    let mut next = vec![Next::Turn; ready.len()];
    let mut due: BinaryHeap<_> = ready.iter().enumerate().map(|(who, at)| Reverse((*at, who))).collect();
    while let Some(Reverse((at, who))) = due.pop() {
        let asker = &mut askers[who];
        match next[who] {
            Next::Turn => {
                let turn = asker.turn(start + at);
                sent[who].push(at + turn.wait);
                match turn.again {
                    Again::Never => continue,
                    Again::Surely => (next[who], _) = (Next::Repeat, due.push(Reverse((at + turn.wait, who)))),
                    Again::Perhaps(wait) => (next[who], _) = (Next::Look, due.push(Reverse((at + wait, who)))),
                }
            }
            Next::Look if asker.may_be_unheard() => (next[who], _) = (Next::Repeat, due.push(Reverse((at, who)))),
            Next::Look => {}
            Next::Repeat => match asker.wait_to_repeat(start + at) {
                Some(wait) => due.push(Reverse((at + wait, who))),
                None => sent[who].push(at),
            },
        }
    }
    sent
}

/// The last time that an answer goes out is the sure one: of eleven in a row the first is pushed out by the last.
fn assert_nobody_is_pushed_out(sent: &[Vec<Duration>]) {
    let mut all: Vec<Duration> = sent.iter().flatten().copied().collect();
    all.sort();
    for sure in sent.iter().map(|times| *times.last().unwrap()) {
        let later = all.partition_point(|at| *at <= sure);
        if let Some(pushes_out) = all.get(later + 9) {
            assert!(*pushes_out >= sure + STEPS.look(), "{sure:?} is pushed out at {pushes_out:?}");
        }
    }
}

#[test]
fn in_a_crowd_all_hear_soon_and_surely() {
    let sent = answer(&pace(), Instant::now(), &[Duration::ZERO; 12]);
    let soon: Vec<u128> = sent.iter().map(|times| times[0].as_millis()).collect();
    assert_eq!(soon, [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55]);
    let mut sure: Vec<u128> = sent.iter().map(|times| times[1].as_millis()).collect();
    sure.sort_unstable();
    assert_eq!(sure, [310, 330, 350, 370, 390, 410, 430, 450, 470, 490, 510, 530]);
    assert_nobody_is_pushed_out(&sent);
}

#[test]
fn a_few_clients_never_wait_however_often_they_ask() {
    let (pace, now) = (pace(), Instant::now());
    for _ in 0..100 {
        let mut clients: Vec<Asker> = (0..FEW).map(|_| pace.asked()).collect();
        assert!(clients.iter_mut().all(|asker| asker.turn(now).wait.is_zero()));
    }
}

#[test]
fn who_asks_now_and_then_is_answered_once() {
    let (pace, start) = (pace(), Instant::now());
    let mut asked: Vec<Asker> = Vec::new();
    for number in 0..100 {
        asked.push(pace.asked());
        assert!(asked[number].turn(start + number as u32 * STEPS.sure).wait.is_zero());
        if let Some(earlier) = number.checked_sub(LOOK_STEPS as usize) {
            assert!(!asked[earlier].may_be_unheard(), "a client that looks within {:?} has it", STEPS.look());
        }
    }
}

#[test]
fn a_crowd_that_never_waits_is_repeated() {
    let (pace, start) = (pace(), Instant::now());
    let mut asked: Vec<Asker> = Vec::new();
    for at in (0..50).map(|number| start + millis(number)) {
        asked.push(pace.asked());
        assert!(asked.last_mut().unwrap().turn(at).wait.is_zero(), "each is answered before the next one asks");
    }
    let unheard: Vec<bool> = asked.iter_mut().map(Asker::may_be_unheard).collect();
    assert_eq!(unheard, (0..50).map(|number| number < 40).collect::<Vec<_>>(), "but those that are still kept");
    let later = start + millis(500);
    assert_eq!(asked[0].wait_to_repeat(later), None);
    assert_eq!(asked[1].wait_to_repeat(later), Some(STEPS.sure));
}

#[test]
fn what_comes_while_others_are_repeated_goes_before_them() {
    let mut ready = vec![Duration::ZERO; 40];
    ready.extend([millis(600), millis(601)]);
    let sent = answer(&pace(), Instant::now(), &ready);
    assert!(sent[40..].iter().all(|times| times.len() == 1 && times[0] <= millis(602)), "{:?}", &sent[40..]);
    assert_nobody_is_pushed_out(&sent);
}

#[test]
fn nobody_s_answer_is_pushed_out_at_once() {
    for pause in [1, 37, 90, 400, 1500] {
        // Bursts of all sizes, at odd times.
        let ready: Vec<Duration> =
            (0..40).flat_map(|burst| (0..burst * 5 % 17).map(move |_| millis(pause * burst))).collect();
        let sent = answer(&pace(), Instant::now(), &ready);
        assert!(ready.len() > 250 && sent.iter().all(|times| (1..=2).contains(&times.len())));
        assert_nobody_is_pushed_out(&sent);
    }
}

#[test]
fn a_client_that_goes_before_its_turn_holds_up_nobody() {
    let (pace, now) = (pace(), Instant::now());
    let mut clients: Vec<Asker> = (0..20).map(|_| pace.asked()).collect();
    assert!(clients.iter_mut().all(|asker| asker.turn(now).again == Again::Surely));
    drop(clients);
    let later = answer(&pace, now + millis(2000), &[Duration::ZERO; 20]);
    assert!(later.iter().all(|times| times.len() == 2), "a new crowd hears soon again");
}

#[test]
fn repetitions_alone_push_out_no_answer_of_the_last_quarter_second() {
    let (pace, start) = (Arc::new(Pace::default()), Instant::now());
    let mut earlier: Vec<Asker> = Vec::new();
    for at in (0..200).map(|number| start + millis(number)) {
        earlier.push(pace.asked());
        earlier.last_mut().unwrap().turn(at);
    }
    let answered = start + millis(400);
    earlier.retain_mut(Asker::may_be_unheard);
    assert_eq!(earlier.len(), MOST_TO_REPEAT);
    assert!(pace.asked().turn(answered).wait.is_zero());
    let within = |millis: u32| answered + Duration::from_millis(millis.into());
    let repeated = (0..=250).filter(|at| earlier.pop_if(|asker| asker.wait_to_repeat(within(*at)).is_none()).is_some());
    assert!((2..KEPT as usize).contains(&repeated.count()));
}
