i=0
while [ $i -lt 400 ]; do /bin/true; i=$((i+1)); done
echo $i
