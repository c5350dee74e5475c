i=0
while [ $i -lt 60000 ]; do printf '%s %d %x\n' abc $i $i; i=$((i+1)); done > "$BENCH_TMP/out"
cksum < "$BENCH_TMP/out"
