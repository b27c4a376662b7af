//! `segcap`: the same pipeline as the node's, on files and without ROS. A composition root: parses, wires, runs.

mod args;
mod bundle;
mod image;
mod recall;
mod report;
mod table;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use args::{Cli, Command};

/// Exit codes: 0 fine, 1 failed, 2 usage.
fn main() -> ExitCode {
    // SAFETY: no other thread runs yet.
    unsafe { segcap::onnx::library::disable_telemetry() };
    // Which provider was taken stands in what is printed; why, only where it is asked for.
    let quiet = env_logger::Env::default().default_filter_or("warn,segcap::onnx::provider=error");
    env_logger::Builder::from_env(quiet).init();
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let done = match &cli.command {
        Command::Image(args) => {
            let prompts = matches.subcommand_matches("image").map(|given| args.prompts(given)).unwrap_or_default();
            if prompts.is_empty() {
                no_prompt();
            }
            image::run(args, &prompts)
        }
        Command::Recall(args) => recall::run(args),
        Command::Bundle(args::BundleCommand::Check(args)) => bundle::check(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("segcap: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Says what a prompt is, and leaves.
fn no_prompt() -> ! {
    let lesson = "what should be segmented? Give at least one prompt:\n\
                  \x20 --point X,Y      the thing under this pixel\n\
                  \x20 --box X,Y,W,H    the thing in this box\n\
                  \x20 --mask FILE      the thing that this rough mask covers\n\
                  \x20 --everything     every thing in the image\n\
                  For example: segcap image photo.jpg --point 320,240 --out overlay.png";
    let mut command = Cli::command();
    command.build();
    let image = command.find_subcommand_mut("image").expect("the subcommand that was parsed");
    image.error(ErrorKind::MissingRequiredArgument, lesson).exit()
}
