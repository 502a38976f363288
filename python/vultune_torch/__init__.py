"""Trains a packed plan of Vultune with PyTorch, Transformers and PEFT, on one process or many."""
