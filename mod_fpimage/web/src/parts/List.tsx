/** A list of the API: filters and order stand in the address, so that "back" and a sent link show the same. */
import { Button, Checkbox, Input, Select } from 'antd'
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { call, query } from '../api/client'
import type { Listed } from '../api/types'
import { setParams, usePlace } from '../router'
import { say } from '../words'
import { Failure } from './Failure'
import { useLoad } from './use'

export interface Column<T> { key: string; title: string; show: (row: T) => ReactNode; sort?: string; isNumber?: boolean; isMain?: boolean }
interface Option { value: string; label: string }
export interface Filter { name: string; title: string; kind: 'text' | 'choice' | 'choices' | 'day' | 'flag'; options?: Option[] | (() => Promise<Option[]>); hint?: string; asTime?: 'begin' | 'end'
  /** What a set flag asks for. */
  flag?: string }

export interface ListProps<T> {
  path: string
  label: string
  columns: Column<T>[]
  rowKey: (row: T) => string | number
  filters?: Filter[]
  fixed?: Record<string, string>
  sort?: string
  empty?: ReactNode
  selected?: Set<string | number>
  onSelect?: (selected: Set<string | number>) => void
  round?: number
  noPages?: boolean
  /** A row that moves on by itself: the list is asked again, ever more seldom. */
  isMoving?: (row: T) => boolean
  /** Of a list that has one page: in another order. */
  arrange?: (rows: T[]) => T[]
}

const PAGE_SIZE = 20

/** Typed text counts a moment after the last key. */
function TextFilter({ filter, value }: { filter: Filter; value: string }) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text.trim() === value) return
    const timer = setTimeout(() => setParams({ [filter.name]: text.trim() || undefined, page: undefined, after: undefined }), 350)
    return () => clearTimeout(timer)
  }, [text, value, filter.name])
  return <Input value={text} allowClear placeholder={filter.hint} aria-label={filter.title} onChange={event => setText(event.target.value)} />
}

/** Of what stands in the store: those that may be chosen once they have come. */
function useOptions({ options }: Filter): Option[] {
  const load = useLoad(() => (typeof options === 'function' ? options() : Promise.resolve([])), [])
  return typeof options === 'function' ? load.data ?? [] : options ?? []
}

function FilterField({ filter, value }: { filter: Filter; value: string }) {
  const options = useOptions(filter)
  const set = (next?: string) => setParams({ [filter.name]: next, page: undefined, after: undefined })
  switch (filter.kind) {
    case 'text': return <TextFilter filter={filter} value={value} />
    case 'day': return <Input type="date" value={value} aria-label={filter.title} onChange={event => set(event.target.value || undefined)} />
    case 'flag': return <Checkbox checked={value !== ''} onChange={event => set(event.target.checked ? filter.flag ?? 'true' : undefined)}>{filter.title}</Checkbox>
    case 'choices': return (
      <Select mode="multiple" allowClear maxTagCount="responsive" value={value ? value.split(',') : []} options={options} aria-label={filter.title}
              placeholder={say('全部', 'all')} optionFilterProp="label" onChange={(next: string[]) => set(next.join(',') || undefined)} />
    )
    default: return (
      <Select allowClear showSearch={options.length > 12 && { optionFilterProp: 'label' }} value={value || undefined} options={options} aria-label={filter.title} placeholder={say('全部', 'all')}
              onChange={(next?: string) => set(next)} />
    )
  }
}

function Filters({ filters, params }: { filters: Filter[]; params: URLSearchParams }) {
  const isSet = filters.some(one => params.get(one.name))
  return (
    <div className="filters" role="search">
      {filters.map(one => (
        <div key={one.name} className={one.kind === 'flag' ? 'filter flag' : 'filter'}>
          {one.kind !== 'flag' && <span aria-hidden="true">{one.title}</span>}
          <FilterField filter={one} value={params.get(one.name) ?? ''} />
        </div>
      ))}
      {isSet && <Button type="link" onClick={() => setParams(Object.fromEntries([...filters.map(one => [one.name, undefined]), ['page', undefined], ['after', undefined]]))}>{say('清除条件', 'Clear')}</Button>}
    </div>
  )
}

function Head<T>({ column, order }: { column: Column<T>; order: string }) {
  if (!column.sort) return <th scope="col" className={column.isNumber ? 'number' : undefined}>{column.title}</th>
  const at = order === column.sort ? 'ascending' : order === '-' + column.sort ? 'descending' : 'none'
  return (
    <th scope="col" aria-sort={at} className={column.isNumber ? 'number' : undefined}>
      <button type="button" className="sorter" onClick={() => setParams({ sort: at === 'descending' ? column.sort : '-' + column.sort, page: undefined, after: undefined })}>
        {column.title}<span aria-hidden="true">{at === 'ascending' ? ' ↑' : at === 'descending' ? ' ↓' : ' ↕'}</span>
      </button>
    </th>
  )
}

/** Some lists take times where people choose days: from the first of the one to before the first of the day after the other. */
function askedOf(filter: Filter, value: string | null): string | null {
  if (!value || !filter.asTime) return value
  const at = new Date(value + 'T00:00:00')
  if (filter.asTime === 'end') at.setDate(at.getDate() + 1)
  return Number.isNaN(at.getTime()) ? null : at.toISOString().replace(/\.\d+Z$/, 'Z')
}

/** What the filters of an address ask for. */
export const askedBy = (filters: Filter[], params: URLSearchParams) => Object.fromEntries(filters.map(one => [one.name, askedOf(one, params.get(one.name))]))

const isWhen = (shown: ReactNode) => typeof shown === 'string' && /^\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?$/.test(shown)
const isNothing = (shown: ReactNode) => shown === undefined || shown === null || shown === '' || shown === false

function Cell<T>({ column, shown }: { column: Column<T>; shown: ReactNode }) {
  const kind = [column.isNumber && 'number', column.isMain && 'main', isWhen(shown) && 'when'].filter(Boolean).join(' ')
  return <td role="cell" data-label={column.title} className={kind || undefined}>{isNothing(shown) ? null : <div className="cell">{shown}</div>}</td>
}

const SOONEST = 1500
const LATEST = 30_000

function useFollow(isMoving: boolean, again: () => void, shown: unknown) {
  const wait = useRef(SOONEST)
  useEffect(() => {
    if (!isMoving) { wait.current = SOONEST; return }
    const timer = setTimeout(again, wait.current)
    wait.current = Math.min(LATEST, wait.current * 1.5)
    return () => clearTimeout(timer)
  }, [isMoving, again, shown])
}

export function List<T>(props: ListProps<T>) {
  const { params } = usePlace()
  const page = Math.max(1, Number(params.get('page')) || 1)
  const order = params.get('sort') ?? props.sort ?? ''
  const asked = {
    ...askedBy(props.filters ?? [], params), ...props.fixed,
    ...(order ? { sort: order } : {}), ...(props.noPages ? {} : { page, page_size: PAGE_SIZE, after: params.get('after') }),
  }
  const url = props.path + query(asked)
  const list = useLoad(async signal => ({ url, ...await call<Listed<T>>(url, { signal }) }), [url, props.round])
  const shown = list.error && list.data?.url !== url ? null : list.data /* what could not be got is not shown as what was got before */
  const { arrange } = props
  const rows = useMemo(() => { const items = shown?.items ?? []; return arrange ? arrange(items) : items }, [shown, arrange])
  const pagination = shown?.pagination
  useFollow(rows.some(row => props.isMoving?.(row)), list.again, list.data)
  const isFiltered = (props.filters ?? []).some(one => params.get(one.name)) || page > 1
  const { selected, onSelect } = props
  const all = rows.length > 0 && rows.every(row => selected?.has(props.rowKey(row)))

  const toggle = (key: string | number) => {
    const next = new Set(selected)
    if (!next.delete(key)) next.add(key)
    onSelect?.(next)
  }

  const toggleAll = () => {
    const next = new Set(selected)
    for (const row of rows) { if (all) next.delete(props.rowKey(row)); else next.add(props.rowKey(row)) }
    onSelect?.(next)
  }

  return (
    <>
      {props.filters && <Filters filters={props.filters} params={params} />}
      <Failure error={list.error} onRetry={list.again} />
      {(shown || !list.error) && <div className="table-frame" role="region" aria-label={props.label} tabIndex={0} aria-busy={list.isLoading}>
        <table className="table" role="table">
          <thead role="rowgroup">
            <tr role="row">
              {onSelect && (
                <th className="pick"><Checkbox aria-label={say('全选本页', 'Select all of this page')} checked={all} onChange={toggleAll} /></th>
              )}
              {props.columns.map(one => <Head key={one.key} column={one} order={order} />)}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {rows.map(row => {
              const key = props.rowKey(row)
              return (
                <tr key={key} role="row" className={selected?.has(key) ? 'selected' : undefined}>
                  {onSelect && <td role="cell" className="pick"><Checkbox aria-label={say('选择此行', 'Select this row')} checked={selected?.has(key)} onChange={() => toggle(key)} /></td>}
                  {props.columns.map(one => <Cell key={one.key} column={one} shown={one.show(row)} />)}
                </tr>
              )
            })}
          </tbody>
        </table>
        {!list.isLoading && !list.error && rows.length === 0 && <div className="empty">{isFiltered ? say('没有符合条件的记录', 'Nothing fits these filters') : props.empty ?? say('还没有记录', 'Nothing here yet')}</div>}
        {list.isLoading && !list.data && <div className="empty">{say('正在加载…', 'Loading…')}</div>}
      </div>}
      {pagination && !props.noPages && (rows.length > 0 || page > 1 || pagination.is_partial) && (
        <nav className="pager" aria-label={say('翻页', 'Pages')}>
          {pagination.is_partial && <span>{say('只查了较近的记录，更早的可继续查找。', 'Only the younger ones were looked at.')}</span>}
          <span aria-live="polite">{totalOf(pagination.total, pagination.total_is_bound, page)}</span>
          <Button disabled={page <= 1} onClick={() => setParams({ page: page > 2 ? String(page - 1) : undefined }, 'push')}>{say('上一页', 'Previous')}</Button>
          {pagination.is_partial && pagination.next
            ? <Button onClick={() => setParams({ after: pagination.next ?? undefined, page: undefined }, 'push')}>{say('继续向前查找', 'Look further')}</Button>
            : <Button disabled={!pagination.has_more} onClick={() => setParams({ page: String(page + 1) }, 'push')}>{say('下一页', 'Next')}</Button>}
        </nav>
      )}
    </>
  )
}

function totalOf(total: number, isBound: boolean | undefined, page: number): string {
  const count = isBound ? say(`超过 ${total} 条`, `more than ${total}`) : say(`共 ${total} 条`, `${total} in all`)
  return count + say(`，第 ${page} 页`, `, page ${page}`)
}
