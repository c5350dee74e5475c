i=0 n=0
while [ $i -lt 60000 ]; do
  case x$i in *[!0-9x]*) n=$((n+1));; x[0-9][0-9]) n=$((n+2));; x*[[:digit:]]) n=$((n+3));; esac
  i=$((i+1))
done
echo $n
