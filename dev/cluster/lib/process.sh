# Sourced: daemons with pid files in $S/run and logs in $S/log, where S is the state directory of one cluster.

# born PID: when that process began; with the pid it names one process for ever, whatever file lies around.
born() {
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  set -- ${stat##*) }
  [ "$1" != Z ] && echo "${20}"
}

# alive NAME: the process that `start NAME` began still runs.
alive() {
  local pid since
  { read -r pid since <"$S/run/$1.pid"; } 2>/dev/null && [ "$since" = "$(born "$pid")" ]
}

# start NAME CMD…: runs CMD as a daemon unless it runs already. The log of the run before is kept as NAME.log.1.
start() {
  local name=$1 fd pid
  shift
  if alive "$name"; then return 0; fi
  if [ -e "$S/log/$name.log" ]; then mv "$S/log/$name.log" "$S/log/$name.log.1"; fi
  (
    # No lock and no pipe of the caller may live on in a daemon.
    for fd in /proc/"$BASHPID"/fd/*; do fd=${fd##*/}; if [ "$fd" -gt 2 ] && [ "$fd" != 255 ]; then exec {fd}>&-; fi; done
    cd /
    # Written in Go, all of them: a heap of four times what lives spares a tenth of their processor time.
    export GOGC=300
    exec setsid "$@" >"$S/log/$name.log" 2>&1 </dev/null
  ) &
  pid=$!
  echo "$pid $(born $pid)" >"$S/run/$name.pid"
  disown $pid
}

# stop NAME…: ends them in that order, by force after 5 s.
stop() {
  local name pid since i
  for name; do
    if alive "$name"; then
      read -r pid since <"$S/run/$name.pid"
      kill "$pid" 2>/dev/null || true
      for ((i = 0; i < 100; i++)); do alive "$name" || break; sleep 0.05; done
      if alive "$name"; then kill -9 "$pid" 2>/dev/null || true; fi
    fi
    rm -f "$S/run/$name.pid"
  done
}

# wait_for NAME SECONDS CMD…: until CMD succeeds. Dies, with the log's end, when the daemon NAME ends or time runs out.
wait_for() {
  local name=$1 until=$((SECONDS + $2)) log=$S/log/$1.log
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ! alive "$name" || [ $SECONDS -ge $until ]; then
      tail -n 20 "$log" >&2
      die "$name is not ready ($* fails); see $log, then run dev/cluster/down and this again"
    fi
    sleep 0.1
  done
}
