"""Gates: evidence in, judgement out."""
