i=0
while [ $i -lt 20000 ]; do echo $i > "$BENCH_TMP/one"; i=$((i+1)); done
read -r x < "$BENCH_TMP/one"; echo $x
