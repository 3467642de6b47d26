"""The same fit, evaluation and lists over the partitions of a Spark cluster, for ratings that one machine cannot hold.

The only package that imports pyspark, which the extra ``spark`` installs.
"""
