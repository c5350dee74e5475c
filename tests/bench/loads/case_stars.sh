s=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab
i=0 n=0
while [ $i -lt 20000 ]; do case $s in *a*a*a*b) n=$((n+1));; esac; case $s in *a*c*) n=0;; esac; i=$((i+1)); done
echo $n
