i=0
while [ $i -lt 3000 ]; do export "exp_$((i % 50))=$i"; i=$((i+1)); done
/bin/true
echo $exp_49
