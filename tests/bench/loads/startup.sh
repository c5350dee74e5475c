i=0
while [ $i -lt 300 ]; do "$BENCH_SHELL" -c :; i=$((i+1)); done
echo $i
