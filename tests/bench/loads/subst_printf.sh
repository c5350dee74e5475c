i=0
while [ $i -lt 2000 ]; do x=$(printf '%05d-%s' $i abc); i=$((i+1)); done
echo $x
