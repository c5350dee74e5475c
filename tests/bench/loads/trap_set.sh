i=0
while [ $i -lt 30000 ]; do trap 'n=1' USR1; trap - USR1; i=$((i+1)); done
echo $i
