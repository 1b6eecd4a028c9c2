import { createSqlite } from './database.ts';
import { runCases } from './run-cases.ts';

runCases('runs in a database', createSqlite);
