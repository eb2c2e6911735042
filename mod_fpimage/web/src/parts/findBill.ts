/** The bill whose image number somebody typed; he must be able to see it. */
import { ApiError, call, query } from '../api/client'
import type { Bill, Listed } from '../api/types'
import { say } from '../words'

export async function findBill(typed: string): Promise<Bill> {
  const number = typed.trim().toUpperCase()
  const found = (await call<Listed<Bill>>('/api/v1/bills' + query({ q: number, page_size: 50 }))).items.filter(one => one.number === number)
  if (found.length === 1) return found[0]
  throw new ApiError(404, found.length ? say(`影像编号 ${number} 有多张单据`, `several bills have the image number ${number}`) : say(`没有影像编号为 ${number} 的单据`, `there is no bill with the image number ${number}`), '', '', '')
}
