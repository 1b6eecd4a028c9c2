import { createSqlite } from './database.ts';
import { experimentCases } from './experiment-cases.ts';

experimentCases('experiments in a database', createSqlite);
