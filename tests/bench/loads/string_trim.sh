i=0 p=/usr/local/share/doc/package-1.2.3.tar.gz n=0
while [ $i -lt 60000 ]; do b=${p##*/}; d=${p%/*}; e=${b%.tar.gz}; v=${e#*-}; n=$((n + ${#v})); i=$((i+1)); done
echo $n $b $d $e $v
