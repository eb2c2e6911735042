/** Of what type bills are, and for which business system: what a clerk chooses from, as the administrator and the ERP have
 *  made them. */
import { Select } from 'antd'
import { useEffect, useState } from 'react'
import { call, query } from '../api/client'
import type { Listed } from '../api/types'
import { say } from '../words'
import { useLoad } from './use'

export interface BillTypeRow { code: string; name: string | null }
interface Resource { resource: string; name: string }
interface Choice { value: string; label: string }

const MOST = 50

/** The first types, or those that begin with what is typed. */
function useTypes(typed: string) {
  const [asked, setAsked] = useState(typed)
  useEffect(() => { const timer = setTimeout(() => setAsked(typed), typed ? 250 : 0); return () => clearTimeout(timer) }, [typed])
  return useLoad(signal => call<Listed<BillTypeRow>>('/api/v1/bill-types' + query({ page_size: MOST, q: asked || undefined }), { signal }), [asked])
}

const nameOf = (one: BillTypeRow) => (one.name && one.name !== one.code ? `${one.name}（${one.code}）` : one.code)

/** Of the first types what each is called; the code of the others. */
export function useTypeName(): (code: string) => string {
  const types = useLoad(signal => call<Listed<BillTypeRow>>('/api/v1/bill-types' + query({ page_size: 200 }), { signal }), [])
  return code => types.data?.items.find(one => one.code === code)?.name || code
}

/** `unsaid`: what holds while none is chosen. */
export function BillType({ value, name, unsaid, isFixed, onChange }: { value: string | null; name?: string | null; unsaid: string; isFixed?: boolean; onChange: (code: string | null) => void }) {
  const [typed, setTyped] = useState('')
  const types = useTypes(typed)
  const found: Choice[] = (types.data?.items ?? []).map(one => ({ value: one.code, label: nameOf(one) }))
  const own: Choice[] = value && !found.some(one => one.value === value) ? [{ value, label: name ? nameOf({ code: value, name }) : value }] : []
  const none: Choice[] = typed ? [] : [{ value: '', label: unsaid }]
  return (
    <Select className="bill-type" value={value ?? ''} aria-label={say('单据类型', 'Bill type')} disabled={isFixed} showSearch={{ filterOption: false, searchValue: typed, onSearch: setTyped }} options={[...none, ...(typed ? [] : own), ...found]}
            notFoundContent={types.isLoading ? say('正在查找…', 'Searching…') : say('没有此单据类型，请联系管理员添加', 'No such bill type: ask the administrator to add it')}
            onChange={code => { setTyped(''); onChange(code || null) }} />
  )
}

/** Nothing while there is no choice. */
export function ResourceOf({ value, isFixed, onChange }: { value: string | null; isFixed?: boolean; onChange: (resource: string | null) => void }) {
  const load = useLoad(signal => call<Listed<Resource>>('/api/v1/resources', { signal }), [])
  const options = (load.data?.items ?? []).map(one => ({ value: one.resource, label: one.name === one.resource ? one.name : `${one.name}（${one.resource}）` }))
  if (value && !options.some(one => one.value === value)) options.push({ value, label: value })
  if (!options.length) return null
  return (
    <label className="stack"><span>{say('业务系统', 'Business system')}</span>
      <Select value={value ?? ''} aria-label={say('业务系统', 'Business system')} disabled={isFixed} onChange={next => onChange(next || null)} options={[{ value: '', label: say('按影像编号查找', 'found by the image number') }, ...options]} />
    </label>
  )
}
