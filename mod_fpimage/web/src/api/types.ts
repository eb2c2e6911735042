/** What the console API answers, as far as the page reads it. */
export interface Pagination { page: number; page_size: number; total: number; has_more: boolean; next?: string | null; total_is_bound?: boolean; is_partial?: boolean }
export interface Listed<T> { items: T[]; pagination: Pagination }

export interface User { user_id: number; name: string; login?: string; mobile?: string | null; must_change?: boolean; roles: unknown[]; permissions: string[]; }
export interface Tenant { name: string; domain: string | null }
export interface Session { user: User; tenant?: Tenant; csrf_token: string; expires_at: string; kind?: 'PERSON' | 'EVENT' | 'PHONE'; permissions?: string[]; bill_ids?: number[] }

export type Kind = 'COVER' | 'INVOICE' | 'ATTACHMENT'
export type Role = Kind | 'BLANK' | 'AUTO'
export type Look = 'WAITING' | 'LOOKED' | 'UNREADABLE'
export type BillState = 'WAITING' | 'UPLOADED' | 'SUBMITTED' | 'REVIEWED' | 'RESCAN' | 'MISMATCH' | 'FAILED' | 'RECOGNISED' | 'MATCHED' | 'VOID'

export interface Bill {
  id: number; number: string; resource: string; bill_no: string | null; bill_type: string | null; bill_type_name: string | null
  applicant_name: string | null; org_name: string | null; org_code: string | null; filed_org_code?: string | null; filed_org_name?: string | null; state: string; state_name: string; reason: string | null; reason_by: string | null
  is_locked: boolean; voucher: string | null; page_count: number; version: number; created_at: string; updated_at: string
}

export type FileState = 'NORMAL' | 'UNCHANGED' | 'CHANGED' | 'ADDED' | 'CONFIRMED'

export interface BillFile {
  id: number; position: number; kind: Kind; state: FileState; name: string; media: string; size: number; sha256: string; rotation: number
  page_count?: number; look?: Look; look_note?: string | null; label: string | null; attachment_type: number; group_id: number; page_first: number; page_last: number; created_at: string
}

export interface Field { value: string | null; source: string; others: { source: string; value: string | null }[] }

export interface Found {
  id: number; bill_id: number; file_id: number; page: number; number: string | null; code: string | null; date: string | null
  net: string | null; tax: string | null; gross: string | null; seller_name: string | null; buyer_name: string | null
  source: string; check_status: string; has_conflict: boolean; fields: Record<string, Field>
  lines: { name: string; unit?: string; quantity?: string; price?: string; net?: string; rate?: string; tax?: string }[] | null
  twin: { kind: string; bill_id?: number; bill_number?: string; bill_state?: string; file_id?: number } | null
  editor: string | null; version: number; bill_number?: string
}

export interface Act { is_allowed: boolean; why?: string }

export interface BillWhole extends Bill {
  files: BillFile[]; invoices: Record<string, unknown>[]; found_invoices: Found[]
  mode: { mode: string; from: string; code: string | null }; acts: Record<string, Act>
}

export interface TrailEvent { id: number; at: string; kind: string; actor: string; note: string; detail: unknown; trace_id: string | null }

export interface CapturePage {
  id: number; place: number; name: string; upload_key: string | null; media: string; size: number; content_page: number; content_pages: number
  kind: Kind | 'BLANK'; kind_said: Role; rotation: number; number: string | null; label: string | null; bill_type: string | null; attachment_type: number; look: Look
  codes: { kind: string; text: string }[]; note: string | null; bill_id: number | null
}

export interface Segment {
  index: number; number: string | null; state: 'WAITING' | 'READY' | 'NO_NUMBER' | 'PROBLEM' | 'SUPPLEMENT' | 'FILED'; is_waiting: boolean
  problem: string | null; first_place: number; page_count: number; page_ids: number[]
  bill: { bill_id: number; number: string; state: string; state_name: string } | null; result?: string
  bill_type: string | null; bill_type_name: string | null; bill_type_from: 'BILL' | 'PAGE' | 'CAPTURE' | 'RULE' | null
}

export interface Capture {
  id: number; name: string | null; number: string | null; resource: string | null; bill_type: string | null; state: 'OPEN' | 'FINISHED'; version: number; page_count: number; left_count: number
  created_by: string; created_at: string; updated_at: string
}
export interface CaptureWhole extends Capture { is_waiting: boolean; pages: CapturePage[]; segments: Segment[] }

export interface Limits { max_file: number; max_files: number; max_json: number; max_body?: number; upload_chunk: number; formats: Record<string, string[]> }
export interface Upload { upload_id: string; offset: number; chunk: number; expires_at: string }
