# Sourced before tests: a ROS domain that nobody else on this machine uses, and no traffic beyond it. A domain that is
# already chosen is kept.
if [ -z "${ROS_DOMAIN_ID:-}" ]; then
    ROS_DOMAIN_ID=$(python3 "$SEGCAP_ROOT/scripts/free_domain.py")
    export ROS_DOMAIN_ID
fi
case "$ROS_DISTRO" in
    humble) export ROS_LOCALHOST_ONLY=1 ;;
    *) export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST ;;
esac
