/** Organisations as the tree that they are. */
import { say } from '../words'
import type { Row } from './Records'

export const LEVELS = 4

/** Each behind the one above it; the API gives them by code. */
export function asTree(rows: Row[]): Row[] {
  const below = new Map<number, Row[]>()
  for (const row of rows) below.set(row.parent_id, [...(below.get(row.parent_id) ?? []), row])
  const walk = (id: number): Row[] => (below.get(id) ?? []).flatMap(row => [row, ...walk(row.org_id)])
  return walk(0)
}

/** An organisation and all below it. */
export function branchOf(rows: Row[], id: number): Row[] {
  const inside = new Set([id])
  return asTree(rows).filter(row => { if (inside.has(row.parent_id)) inside.add(row.org_id); return inside.has(row.org_id) })
}

export const orgLabel = (row: Row) => '　'.repeat(Math.max(0, (row.level ?? 1) - 2)) + (row.name || row.code || say('租户', 'the tenant'))
