this is an older baseline;
