/** A URI without its password, and how to give that instead. */
export interface Passwordless {
  readonly uri: string;
  /** `log in with a key (…)`. */
  readonly instead: string;
}

const USERINFO = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@/i;

const INSTEAD: Readonly<Record<string, string>> = {
  sftp: 'log in with a key (MLSTOW_SFTP_IDENTITY_FILE or ssh-add)',
  ftp: 'set MLSTOW_FTP_PASSWORD',
};

/** The same URI without a password; undefined when it holds none. */
export function passwordless(uri: string): Passwordless | undefined {
  const found = USERINFO.exec(uri);
  const [whole = '', scheme = '', userinfo = ''] = found ?? [];
  const colon = userinfo.indexOf(':');
  if (colon < 0 || colon === userinfo.length - 1) return undefined;
  const user = userinfo.slice(0, colon);
  const instead = INSTEAD[scheme.slice(0, -3).toLowerCase()] ?? 'give the credentials by variables';
  return { uri: `${scheme}${user === '' ? '' : `${user}@`}${uri.slice(whole.length)}`, instead };
}
