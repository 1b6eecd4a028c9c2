import { defineSettings } from '../setting.ts';

/** What Airflow tells a task about itself; only the scheduler sets it. */
export const AIRFLOW = defineSettings({
  'airflow.dagId': {
    type: 'string',
    variables: ['AIRFLOW_CTX_DAG_ID'],
    projectFile: 'refused',
    userFile: 'refused',
    help: 'DAG of this task.',
  },
  'airflow.taskId': {
    type: 'string',
    variables: ['AIRFLOW_CTX_TASK_ID'],
    projectFile: 'refused',
    userFile: 'refused',
    help: 'Task.',
  },
  'airflow.runId': {
    type: 'string',
    variables: ['AIRFLOW_CTX_DAG_RUN_ID'],
    projectFile: 'refused',
    userFile: 'refused',
    help: 'DAG run of this task.',
  },
  'airflow.tryNumber': {
    type: 'integer',
    variables: ['AIRFLOW_CTX_TRY_NUMBER'],
    projectFile: 'refused',
    userFile: 'refused',
    help: 'Try of this task, from 1.',
  },
  'airflow.executionDate': {
    type: 'string',
    variables: ['AIRFLOW_CTX_EXECUTION_DATE'],
    projectFile: 'refused',
    userFile: 'refused',
    help: 'Logical date of the DAG run.',
  },
  'airflow.owner': {
    type: 'string',
    variables: ['AIRFLOW_CTX_DAG_OWNER'],
    projectFile: 'refused',
    userFile: 'refused',
    help: 'Owner of the DAG.',
  },
  'airflow.email': {
    type: 'string',
    variables: ['AIRFLOW_CTX_DAG_EMAIL'],
    projectFile: 'refused',
    userFile: 'refused',
    help: 'Addresses of the DAG.',
  },
});
