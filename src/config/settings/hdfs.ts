import { defineSettings } from '../setting.ts';

/** Hadoop file systems. */
export const HDFS = defineSettings({
  'hdfs.kerberosTicketCache': {
    type: 'string',
    variables: ['MLFLOW_KERBEROS_TICKET_CACHE', 'KRB5CCNAME'],
    projectFile: 'refused',
    help: 'Kerberos ticket cache, such as /tmp/krb5cc_1000.',
  },
  'hdfs.kerberosUser': {
    type: 'string',
    variables: ['MLFLOW_KERBEROS_USER'],
    projectFile: 'refused',
    help: 'Kerberos principal to act as.',
  },
  'hdfs.user': {
    type: 'string',
    variables: ['HADOOP_USER_NAME'],
    projectFile: 'refused',
    help: 'User name at a cluster without Kerberos. Unset: the current account.',
  },
  'hdfs.delegationToken': {
    type: 'string',
    variables: ['MLSTOW_HDFS_DELEGATION_TOKEN'],
    secret: true,
    projectFile: 'refused',
    help: 'Delegation token for WebHDFS.',
  },
  'hdfs.webhdfsUrl': {
    type: 'url',
    variables: ['MLSTOW_HDFS_WEBHDFS_URL'],
    projectFile: 'refused',
    help: 'WebHDFS or HttpFS endpoint, where it is not at the default port of the name node.',
  },
  'hdfs.driver': {
    type: 'enum',
    values: ['webhdfs', 'cli'],
    variables: ['MLSTOW_HDFS_DRIVER'],
    default: 'webhdfs',
    projectFile: 'refused',
    help: 'WebHDFS or HttpFS; or the hdfs command, one JVM for each operation on a file or on a whole tree.',
  },
  'hdfs.confDir': {
    type: 'path',
    variables: ['HADOOP_CONF_DIR'],
    projectFile: 'refused',
    help: 'Directory with core-site.xml and hdfs-site.xml.',
  },
  'hdfs.home': {
    type: 'path',
    variables: ['HADOOP_HOME'],
    projectFile: 'refused',
    help: 'Where Hadoop is installed: bin/hdfs, and etc/hadoop unless HADOOP_CONF_DIR is set.',
  },
  'hdfs.extraConf': {
    type: 'list',
    separator: ',',
    variables: ['MLFLOW_PYARROW_EXTRA_CONF'],
    default: [],
    projectFile: 'allowed',
    help: 'Further Hadoop properties, as key=value.',
  },
});
