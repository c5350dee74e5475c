i=0
while [ $i -lt 500 ]; do : & i=$((i+1)); done
wait
echo $i
