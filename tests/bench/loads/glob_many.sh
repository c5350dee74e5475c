i=0 n=0
cd "$BENCH_DATA/files"
while [ $i -lt 60 ]; do set -- *; n=$((n + $#)); set -- *7*.txt; n=$((n + $#)); i=$((i+1)); done
echo $n
