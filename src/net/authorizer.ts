/** Gives the credentials that a request to a host may carry; asked again for every redirect. */
export interface Authorizer {
  /** Hosts (`name:port`) that are granted credentials: the tracking server's, then the trusted ones. */
  readonly hosts: readonly string[];
  /**
   * The headers to add (`authorization`, `x-mlflow-workspace`, …), lower case; none for a host that is not granted
   * credentials. `headers` are those that will be sent, for methods that sign them. `streamed`: a body whose digest is
   * not known.
   * @throws Failure misconfigured, unsupported, unauthenticated
   */
  authorize(
    method: string,
    url: URL,
    headers: Readonly<Record<string, string>>,
    body?: Uint8Array | 'streamed',
  ): Promise<Readonly<Record<string, string>>>;
}
