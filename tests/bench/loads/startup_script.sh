i=0
while [ $i -lt 200 ]; do "$BENCH_SHELL" "$BENCH_DATA/small.sh" a b >/dev/null; i=$((i+1)); done
echo $i
