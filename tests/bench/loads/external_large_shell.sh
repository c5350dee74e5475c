x=0123456789abcdef
i=0
while [ $i -lt 20 ]; do x=$x$x; i=$((i+1)); done
i=0
while [ $i -lt 150 ]; do /bin/true; i=$((i+1)); done
echo ${#x}
