i=0
while [ $i -lt 300 ]; do x=$(/bin/echo $i); i=$((i+1)); done
echo $x
