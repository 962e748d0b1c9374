export { charactersOf, type Tokenizer, tokenizerOf } from "./tokenizers.js";
