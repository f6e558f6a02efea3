weekend = At weekends your key opens everything; without it you see what your school allows with a password.
