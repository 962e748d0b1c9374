/** Bounds on what a dataset may be and what it costs; docs/LIMITS.md is made from these. */

/** Bytes of a `file:` dataset; a larger file is refused. */
export const DATASET_FILE_BYTES_MAX = 8 * 2 ** 30;
/**
 * Encoded bytes that each part of an opened dataset (a text's tokens, a table's values, its labels) may hold in the
 * trainer's memory. A longer part lies in an unnamed file under the data folder's `tmp/` while the dataset is open, and
 * every batch is read from there: a text takes 1 byte per token (2 beyond a vocabulary of 256), a table 4 per cell,
 * at most twice the file's own size.
 */
export const DATASET_MEMORY_BYTES_MAX = 64 * 2 ** 20;
/** Characters of one line of a .jsonl or .csv file; a longer one is no record, and the file is refused. */
export const LINE_CHARACTERS_MAX = 64 * 1024 * 1024;
/** Distinct characters of a text that is split into characters; beyond it the byte tokenizer is the one to take. */
export const VOCABULARY_CHARACTERS_MAX = 65_536;
/** Columns of a .csv file beside its label; a wider one is refused. */
export const CSV_COLUMNS_MAX = 1_000_000;
/** Classes of a .csv file: a label that is not below it is refused. */
export const CSV_CLASSES_MAX = 100_000;
