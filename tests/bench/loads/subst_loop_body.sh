i=0 t=0
while [ $i -lt 1500 ]; do x=$(n=0; for k in 1 2 3 4 5; do n=$((n+k)); done; echo $n); t=$((t+x)); i=$((i+1)); done
echo $t
