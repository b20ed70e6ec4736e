def findings_of(r,l): return ()
