#!/bin/sh
# Four hosts on one machine, to measure what travels between ranks: network namespaces joined by a bridge, each link
# shaped to 1 Gb/s, and 1 ms of latency where the kernel has netem. Needs root, iproute2 and Open MPI.
#
#   hosts.sh up                          makes them, 10.77.0.1 to 10.77.0.4
#   hosts.sh run alexnet train …         the command on a rank of each
#   hosts.sh down                        removes them
set -eu
self=$(realpath "$0")
case ${1:-} in
up)
  ip link add alexbr type bridge
  ip address add 10.77.0.254/24 dev alexbr
  ip link set alexbr up
  for n in 1 2 3 4; do
    ip netns add alex$n
    ip link add alexv$n type veth peer name eth0 netns alex$n
    ip link set alexv$n master alexbr up
    ip -n alex$n address add 10.77.0.$n/24 dev eth0
    ip -n alex$n link set eth0 up
    ip -n alex$n link set lo up
    tc qdisc add dev alexv$n root handle 1: tbf rate 1gbit burst 256kb latency 20ms
    tc -n alex$n qdisc add dev eth0 root handle 1: tbf rate 1gbit burst 256kb latency 20ms
    tc -n alex$n qdisc add dev eth0 parent 1: netem delay 1ms 2>/dev/null || echo "host $n: this kernel has no netem, no latency is added" >&2
  done
  ;;
down)
  for n in 1 2 3 4; do ip netns delete alex$n || true; done
  ip link delete alexbr
  ;;
run)
  shift
  OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 exec mpirun.openmpi --mca plm_rsh_agent "$self" \
    --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 --bind-to none \
    --host 10.77.0.1,10.77.0.2,10.77.0.3,10.77.0.4 -n 4 "$@"
  ;;
10.77.0.*)
  # How mpirun starts its daemon on a host, in place of ssh.
  host=${1##*.}
  shift
  exec ip netns exec "alex$host" unshare --uts sh -c "hostname alex$host; $*"
  ;;
*)
  sed -n 2,8p "$self"
  exit 2
  ;;
esac
