-- The cheapest call that needs a token: the state of a bill.
local token = os.getenv("BENCH_TOKEN")
wrk.method = "POST"
wrk.path = "/api/imgsys/bill/outside/billStatus?access_token=" .. token
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"scanBillNo":"YX-STATUS","resource":"EAS"}'
