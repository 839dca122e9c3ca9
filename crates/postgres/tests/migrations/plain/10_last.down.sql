this is not run;
