n=0
n=$(cat "$BENCH_DATA/lines" | { while read -r a b; do n=$((n+1)); done; echo $n; })
echo $n
