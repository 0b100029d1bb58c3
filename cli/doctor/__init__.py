"""`fakesweep doctor`: what is wrong with an installation, in sentences, and what to do."""
