i=0
while [ $i -lt 100000 ]; do echo "line $i of the output"; i=$((i+1)); done > "$BENCH_TMP/out"
cksum < "$BENCH_TMP/out"
