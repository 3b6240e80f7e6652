(ns app.refresh
  (:require [buddy.sign.jwt :as jwt]
            [compojure.core :refer [defroutes POST]]))

(def secret (System/getenv "JWT_SECRET"))

(defn refresh [{:keys [params]}]
  (try
    (let [claims (jwt/unsign (:refresh-token params) secret {:alg :hs256})]
      {:status 200
       :body {:token (jwt/sign {:sub (:sub claims) :exp (+ 900 (quot (System/currentTimeMillis) 1000))} secret {:alg :hs256})}})
    (catch Exception e
      {:status 401 :body "unauthorized"})))

(defroutes routes (POST "/refresh" request (refresh request))) ;; want silent-refresh
