"""A desk that changes all the time, a third of the changes broken, while articles flow: `make reloads`."""
