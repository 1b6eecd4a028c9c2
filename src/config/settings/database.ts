import { defineSettings } from '../setting.ts';

/** Connections to a database that is the tracking store. */
export const DATABASE = defineSettings({
  'database.poolSize': {
    type: 'integer',
    variables: ['MLFLOW_SQLALCHEMYSTORE_POOL_SIZE'],
    min: 1,
    projectFile: 'allowed',
    help: 'Connections kept open to the database.',
  },
  'database.maxOverflow': {
    type: 'integer',
    variables: ['MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW'],
    projectFile: 'allowed',
    help: 'Connections opened beyond database.poolSize under load.',
  },
  'database.poolRecycle': {
    type: 'duration',
    unit: 's',
    variables: ['MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE'],
    minusOne: 'no-limit',
    projectFile: 'allowed',
    help: 'Age at which a connection is replaced; -1 for never.',
  },
  'database.echo': {
    type: 'boolean',
    variables: ['MLFLOW_SQLALCHEMYSTORE_ECHO'],
    default: false,
    projectFile: 'allowed',
    help: 'Log every statement.',
  },
  'database.poolClass': {
    type: 'string',
    variables: ['MLFLOW_SQLALCHEMYSTORE_POOLCLASS'],
    projectFile: 'allowed',
    help: "Name of SQLAlchemy's pool class; only its value NullPool (no pool) means something here.",
  },
  'database.mysqlSslCa': {
    type: 'path',
    variables: ['MLFLOW_MYSQL_SSL_CA'],
    projectFile: 'refused',
    help: 'PEM file with the authorities to trust for MySQL.',
  },
  'database.mysqlSslCert': {
    type: 'path',
    variables: ['MLFLOW_MYSQL_SSL_CERT'],
    projectFile: 'refused',
    help: 'PEM file with the client certificate for MySQL.',
  },
  'database.mysqlSslKey': {
    type: 'path',
    variables: ['MLFLOW_MYSQL_SSL_KEY'],
    projectFile: 'refused',
    help: "PEM file with the client certificate's key for MySQL.",
  },
  'database.pgUser': {
    type: 'string',
    variables: ['PGUSER'],
    projectFile: 'refused',
    help: 'User on PostgreSQL where the tracking URI names none.',
    note: 'Unset: the user who runs this.',
  },
  'database.pgPassword': {
    type: 'string',
    variables: ['PGPASSWORD'],
    secret: true,
    projectFile: 'refused',
    help: 'Password on PostgreSQL where the tracking URI holds none.',
  },
  'database.pgSslMode': {
    type: 'enum',
    values: ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'],
    variables: ['PGSSLMODE'],
    projectFile: 'refused',
    help: 'TLS to PostgreSQL where the tracking URI has no sslmode.',
    note: 'Unset: prefer, which checks no certificate, as libpq.',
  },
  'database.pgSslRootCert': {
    type: 'path',
    variables: ['PGSSLROOTCERT'],
    projectFile: 'refused',
    help: 'PEM file with the authorities to trust for PostgreSQL.',
  },
});
