import { Failure } from '../../../core/failure.ts';
import { codeOf, connectionFailure } from '../../../net/connection-failure.ts';
import { serverFailure, VERDICTS, type Verdict } from '../servers/verdict.ts';
import type { MysqlTarget } from './mysql-target.ts';

const each = (verdict: Verdict, ...numbers: readonly number[]): readonly (readonly [number, Verdict])[] =>
  numbers.map((number) => [number, verdict] as const);

/**
 * Error numbers of the servers (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html,
 * https://mariadb.com/kb/en/mariadb-error-codes/).
 */
const NUMBERS: ReadonlyMap<number, Verdict> = new Map([
  ...each(VERDICTS.badLogin, 1045, 1698, 1862, 3118, 3955),
  ...each(VERDICTS.noDatabase, 1049),
  ...each(VERDICTS.forbidden, 1044, 1130, 1142, 1143, 1227, 1370),
  ...each(VERDICTS.readOnly, 1290, 1792, 1836),
  ...each(VERDICTS.collided, 1213, 1020),
  ...each(VERDICTS.taken, 1062, 1586),
  ...each(VERDICTS.locked, 1205, 1206),
  ...each(VERDICTS.tooSlow, 1317, 1969, 3024),
  ...each(VERDICTS.crowded, 1040, 1203, 1226),
  ...each(VERDICTS.away, 1053, 1077, 1080, 1152, 1927, 4031),
  ...each(VERDICTS.full, 1021, 1041, 1114),
  ...each(VERDICTS.rejected, 1048, 1264, 1265, 1292, 1366, 1406, 1451, 1452, 4025),
  ...each(VERDICTS.otherSchema, 1054, 1146),
  ...each({ kind: 'misconfigured', hint: 'set ssl_ca in the tracking URI, or MLFLOW_MYSQL_SSL_CA' }, 3159),
  ...each({ kind: 'misconfigured', hint: 'set binlog_format to ROW or MIXED on the server' }, 1665),
]);

/** The driver's own codes. */
const CODES: Readonly<Record<string, Verdict>> = {
  PROTOCOL_CONNECTION_LOST: { ...VERDICTS.away, message: 'the connection was closed' },
  HANDSHAKE_NO_SSL_SUPPORT: {
    kind: 'misconfigured',
    message: 'the server does not speak TLS, which the settings demand',
    hint: 'switch TLS on at the server, or leave ssl_ca and MLFLOW_MYSQL_SSL_* out',
  },
  HANDSHAKE_SSL_ERROR: {
    kind: 'misconfigured',
    hint: 'set ssl_ca in the tracking URI, or MLFLOW_MYSQL_SSL_CA, to a PEM file with the authority of the server; ssl_check_hostname=false accepts another host name',
  },
  AUTH_SWITCH_PLUGIN_ERROR: {
    kind: 'unsupported',
    hint: 'use a user whose plug-in is caching_sha2_password, mysql_native_password or ed25519',
  },
};

const NAMES = {
  caFile: 'ssl_ca in the tracking URI, or MLFLOW_MYSQL_SSL_CA,',
  verifyTls: 'ssl_check_hostname=false',
  clientCertFile: 'MLFLOW_MYSQL_SSL_CERT and MLFLOW_MYSQL_SSL_KEY',
  timeout: 'connect_timeout in the tracking URI (seconds)',
};

function numberOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errno' in thrown) || !('sqlState' in thrown)) return undefined;
  return typeof thrown.errno === 'number' ? thrown.errno : undefined;
}

/** An error of the driver or of its connection as a Failure, by number or code. */
export function mysqlFailure(thrown: unknown, target: MysqlTarget): Failure {
  if (thrown instanceof Failure) return thrown;
  const { label, host, connectMs, socketPath } = target;
  const code = codeOf(thrown);
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const number = numberOf(thrown);
  if (number !== undefined) {
    const told = { label, code: `${number} ${code}`.trim(), text };
    return serverFailure(NUMBERS.get(number) ?? { kind: 'internal' }, told, thrown);
  }
  const own = CODES[code];
  if (own) return serverFailure(own, { label, code, text }, thrown);
  if (code === '')
    return new Failure({ kind: 'internal', message: `${label}: ${text}`, subject: label }, thrown);
  const place = { subject: label, host: socketPath ?? host, reached: false, connectMs, names: NAMES };
  return connectionFailure(thrown, place);
}
