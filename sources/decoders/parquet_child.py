"""Reads one Parquet file in a process of its own: bytes on standard input, an Arrow stream on standard output.

Started by :mod:`sources.decoders.parquet`, as a script and in isolated mode, so nothing of this project is imported
and the modules beside this file hide none of the standard library. A file made to harm can abort Arrow, or make it
ask for any amount of memory: here that ends this process alone, under limits of memory and processor time, and the
parent refuses the file. Nothing touches a disk, and no core is left behind.

Arguments: the names of the columns to read. Ends with 0, or with what is wrong: see the codes below.
"""

from __future__ import annotations

import os
import resource
import sys

NOT_PARQUET, MORE_ROWS_THAN_BYTES, TWICE, TOO_LARGE = 3, 4, 5, 6
_MEMORY_BYTES = 6 * 1024**3  # of addresses, of which Arrow reserves some before it needs any
_CPU_SECONDS = 900
_BATCH_ROWS = 32_768
_METADATA_BYTES = 32 * 1024**2


def main(wanted: list[str]) -> int:
    """Read, check what the file claims, and write what it holds."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = sys.stdin.buffer.read()
    try:
        file = pq.ParquetFile(
            pa.BufferReader(content),
            pre_buffer=False,
            page_checksum_verification=True,
            thrift_string_size_limit=_METADATA_BYTES,
            thrift_container_size_limit=_METADATA_BYTES,
        )
        names = file.schema_arrow.names
        if any(names.count(name) > 1 for name in wanted):
            return TWICE
        if file.metadata.num_rows > len(content):
            return MORE_ROWS_THAN_BYTES
        found = [name for name in wanted if name in names]
        schema = pa.schema([file.schema_arrow.field(name) for name in found])
        with pa.ipc.new_stream(sys.stdout.buffer, schema.remove_metadata()) as sink:
            if found:
                for batch in file.iter_batches(_BATCH_ROWS, columns=found, use_threads=False):
                    batch.validate(full=True)
                    sink.write_batch(batch.select(found).replace_schema_metadata(None))
    except MemoryError:
        return TOO_LARGE
    except (pa.ArrowException, OSError, ValueError, OverflowError, TypeError, KeyError):
        return NOT_PARQUET
    return 0


if __name__ == "__main__":
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)  # what a library says before it aborts may quote the file
    sys.exit(main(sys.argv[1:]))
