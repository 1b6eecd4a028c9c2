/** `config list` and `config get`: one setting. */
export interface ConfigItem {
  readonly key: string;
  /** Redacted; absent when unset. */
  readonly value?: string;
  /** Who set it: a flag, a variable, a file and line, the server, the default. */
  readonly origin?: string;
  /** What lost against it, in order of precedence. */
  readonly shadowed: readonly { readonly origin: string; readonly value: string }[];
  /** Why the value cannot be used. */
  readonly problem?: string;
}
