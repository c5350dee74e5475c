i=0
while [ $i -lt 150 ]; do /bin/echo $i | cat | cat >/dev/null; i=$((i+1)); done
echo $i
