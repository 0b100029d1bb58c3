"""The configuration of the tiny runs that tests train."""

from training.config import TrainingConfig

TINY = TrainingConfig(epochs=2, batch_size=8, learning_rate=3e-3, precision="fp32", target_fpr=0.2)
