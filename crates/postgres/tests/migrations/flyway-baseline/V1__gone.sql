this is in the baseline;
