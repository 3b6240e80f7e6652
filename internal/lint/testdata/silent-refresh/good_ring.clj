(ns app.refresh
  (:require [buddy.sign.jwt :as jwt]
            [com.brunobonacci.mulog :as mu]
            [compojure.core :refer [defroutes POST]]))

(def secret (System/getenv "JWT_SECRET"))
(def hits (atom 0))

(defn limited [handler]
  (fn [request]
    (if (> (swap! hits inc) 1000)
      {:status 429 :body "slow down"}
      (handler request))))

(defn refresh [{:keys [params remote-addr uri]}]
  (try
    (let [claims (jwt/unsign (:refresh-token params) secret {:alg :hs256})]
      (mu/log ::refreshed :sub (:sub claims) :client remote-addr)
      {:status 200
       :body {:token (jwt/sign {:sub (:sub claims) :exp (+ 900 (quot (System/currentTimeMillis) 1000))} secret {:alg :hs256})}})
    (catch Exception e
      (mu/log ::refused :reason (ex-message e) :client remote-addr :path uri)
      {:status 401 :body "unauthorized"})))

(defroutes routes (POST "/refresh" request (refresh request)))

(def app (limited routes))
