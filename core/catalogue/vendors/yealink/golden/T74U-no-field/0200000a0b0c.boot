#!version:1.0.0.1

include:config "0200000a0b0c.cfg"

overwrite_mode = 1
